"""What the scripts run. Each module is one command line; the scripts name the model."""
