"""The accuracy and the speed of the default networks beside their peers on real tables."""
