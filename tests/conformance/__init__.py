"""What programs of other people make of the DICOM results."""
