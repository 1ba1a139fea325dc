"""Pages of approvals: reviews, and the workflows that they follow."""
