"""What people and programs read: one report model, and a writer for each reader."""
