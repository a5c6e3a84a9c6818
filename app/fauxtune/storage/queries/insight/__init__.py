"""What is shown of several tables at once: lists of the console, reports, diagnosis, who can read which mail."""
