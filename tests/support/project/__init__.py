"""Parts of the tests of the project as a whole: what is refused, and how."""
