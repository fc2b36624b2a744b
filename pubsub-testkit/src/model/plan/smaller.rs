//! Plans that are a little smaller: [`smaller`].

use super::{Plan, Round};

/// The plan with less in it, each way once: first without many rounds, then without one, then without one command, and at
/// last with a plainer setup.
pub(in crate::model) fn smaller(plan: &Plan) -> Vec<Plan> {
    let rounds = plan.rounds.len();
    let mut candidates = Vec::new();
    let mut size = rounds.div_ceil(2).max(1);
    loop {
        for start in (0..rounds).step_by(size).rev() {
            candidates.push(with_rounds(plan, |number| !(start..start + size).contains(&number)));
        }
        if size == 1 {
            break;
        }
        size = size.div_ceil(2);
    }
    for (number, round) in plan.rounds.iter().enumerate() {
        candidates.extend(lighter(round).into_iter().map(|lighter| {
            let mut plan = plan.clone();
            if let Some(round) = plan.rounds.get_mut(number) {
                *round = lighter;
            }
            plan
        }));
    }
    candidates.extend(plan.setup.simpler().into_iter().map(|setup| Plan { setup, ..plan.clone() }));
    candidates
}

fn with_rounds(plan: &Plan, stays: impl Fn(usize) -> bool) -> Plan {
    let rounds = plan.rounds.iter().enumerate().filter(|(number, _)| stays(*number));
    Plan { rounds: rounds.map(|(_, round)| round.clone()).collect(), ..plan.clone() }
}

/// The round without one of its commands, or without its fault.
fn lighter(round: &Round) -> Vec<Round> {
    let count = if round.commands.len() > 1 { round.commands.len() } else { 0 };
    let mut lighter: Vec<Round> = (0..count)
        .map(|gone| {
            let commands = round.commands.iter().enumerate().filter(|(place, _)| *place != gone);
            Round { fault: round.fault, commands: commands.map(|(_, command)| command.clone()).collect() }
        })
        .collect();
    if round.fault.is_some() {
        lighter.push(Round { fault: None, ..round.clone() });
    }
    lighter
}
