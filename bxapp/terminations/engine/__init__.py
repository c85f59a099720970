"""The work on jobs: whose turn it is, looking, claiming, sending, settling what nobody heard."""
