"""What Python makes of images, for the tests of the web page to compare with."""
