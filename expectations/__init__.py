"""What the data must be like: suites as JSON, the module that runs them, and the report."""
