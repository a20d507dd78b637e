from gradecheck.nbgrader import configure

c = get_config()
configure(c)

c.CourseDirectory.course_id = "gradients"
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "exercises"
