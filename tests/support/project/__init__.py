"""Parts of the tests of files: networks with every feature, and files spoilt in many ways."""
