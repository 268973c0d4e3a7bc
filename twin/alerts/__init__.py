"""Alerts: rules over readings, the alerts that they raise, and how those reach people and programs."""
