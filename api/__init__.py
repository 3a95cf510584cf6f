"""What every tier says to every other: names, tokens, permissions, errors and wire framing."""
