"""The hourly method after ISO 52016-1: five nodes in each opaque element, two in a window, two in a zone."""
