"""One device: its condition, its enrolment, what it refuses, and the folder in which it is kept."""
