"""What changes surveys, rounds, answers and traits; one module per noun."""
