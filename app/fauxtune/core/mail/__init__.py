"""Mail: for whom a message is encrypted, and how mail apps use certificates. Nothing is decrypted here."""
