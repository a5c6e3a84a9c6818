"""What labs, classrooms and provider states do in a tenant."""
