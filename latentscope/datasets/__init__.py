"""Images to train on: CelebA, any folder, MNIST, and faces drawn from known factors."""
