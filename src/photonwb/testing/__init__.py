"""Help for the tests of programs that use photonwb."""
