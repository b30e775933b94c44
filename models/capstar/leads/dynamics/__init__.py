"""What follows, period by period: local projections, probabilities of states, events and regimes."""
