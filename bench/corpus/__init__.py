"""`make corpus`: how well documents are served that nobody here has written."""
