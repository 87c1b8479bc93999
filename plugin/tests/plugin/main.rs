//! The plugin in a host of the test's own.

mod host;
mod playing;
mod projects;
mod realtime;
