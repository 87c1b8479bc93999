//! The realtime oscillator and instrument.
