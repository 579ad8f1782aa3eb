"""A DICOM node: images come from an archive or a scanner, results go back."""
