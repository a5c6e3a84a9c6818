"""Block blobs in Azure's form: where clients upload the contents of apps, and read what the service hands out."""
