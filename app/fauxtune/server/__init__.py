"""The only wiring: builds the emulator, mounts the surfaces, listens. The one place that reads the system's clock."""
