"""The commands of labs, classrooms and provider states."""
