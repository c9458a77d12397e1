//! Whole runs on an executor that obeys the words of its scripts, in paused time.

mod ahead;
mod artifacts;
mod before_and_after;
mod cancel;
mod children;
mod ended;
mod images;
mod jobs;
mod logs;
mod person;
mod processing;
mod properties;
mod reports;
mod results;
mod runners;
mod services;
mod slots;
mod story;
mod trouble;
