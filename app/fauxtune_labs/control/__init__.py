"""Labs, classrooms, hosted devices and provider states in the control surface."""
