"""What an API has to remember: created, listed, changed, run, cancelled, gone."""
