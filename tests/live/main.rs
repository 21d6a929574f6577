//! Generated stacks on a real Docker engine.
