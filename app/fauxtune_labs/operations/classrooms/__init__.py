"""Classrooms: seats that are opened, watched, steered and closed. A seat is a tenant that one password opens."""
