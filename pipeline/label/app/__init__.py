"""What needs the packages of the extra `label`; imported only by `breast-us-seg label`."""
