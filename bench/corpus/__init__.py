"""`make corpus`: how well the mock serves documents that the project did not write."""
