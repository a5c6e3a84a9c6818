"""What a device knows of itself and reports: model, versions, storage, encryption."""
