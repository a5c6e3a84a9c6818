"""Our own API below `/_fauxtune/v1`: what the real service has no door for, and what tests need to steer."""
