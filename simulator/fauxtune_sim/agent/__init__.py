"""The client of management on a device: enrolment, check-ins, push. Each platform derives its own."""
