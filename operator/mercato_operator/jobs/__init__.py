"""What the chart runs once: at the install, at an upgrade, at the end."""
