"""Structure of the cloud, each answer compared with what a null model without it would give."""
