"""Questions about surveys, rounds, results and traits; one module per noun."""
