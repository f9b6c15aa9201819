"""The pygame shell: events in, state changed, picture out."""
