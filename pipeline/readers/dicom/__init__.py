"""From a DICOM file to grey values."""
