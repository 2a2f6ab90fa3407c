"""How quick it all is, beside what a user would pick instead; `livevision bench` prints it."""
