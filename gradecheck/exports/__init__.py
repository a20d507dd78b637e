"""A class's scores in the forms in which other programs take them."""
