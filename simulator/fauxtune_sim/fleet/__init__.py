"""Many devices at once: their settings, the processes that share them, what came of them."""
