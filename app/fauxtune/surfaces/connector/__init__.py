"""The certificate connector's channel: what connectors call that are processes of their own."""
