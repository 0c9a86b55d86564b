"""One training step under the microscope: cells as drawings with live numbers, and theory beside the measurement."""
