"""The parts that screens are made of. Each draws what it is given and tells what was done to it; none knows a mesh."""
