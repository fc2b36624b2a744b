//! `pubsub topology`.

use anstyle::Style;
use pubsub::{ErrorKind, Provision};
use pubsub_topology::{Change, Finding, Plan, Severity, Topology};

use crate::arguments::{ApplyTopology, CheckTopology, PlanTopology};
use crate::confirm;
use crate::connect::Connection;
use crate::failure::{Ending, Outcome};
use crate::output::{BAD, CAREFUL, FAINT, GOOD, Output, visible, words};

pub(super) fn check(arguments: &CheckTopology, output: &mut Output) -> Outcome {
    let topology = Topology::from_file(&arguments.file)?;
    let findings = topology.check();
    let errors = findings.iter().filter(|finding| finding.severity() == Severity::Error).count();
    if output.is_json() {
        output.json(&findings)?;
    } else {
        for finding in &findings {
            output.line(&told(finding))?;
        }
        let consumers: usize = topology.streams.iter().map(|stream| stream.consumers.len()).sum();
        output.line(&format!(
            "{}, {}: {}, {}",
            words::count(topology.streams.len() as u64, "stream"),
            words::count(consumers as u64, "consumer"),
            words::count(errors as u64, "error"),
            words::count((findings.len() - errors) as u64, "warning"),
        ))?;
    }
    let counts = if arguments.strict { findings.len() } else { errors };
    Ok(if counts > 0 { Ending::Findings } else { Ending::Done })
}

fn told(finding: &Finding) -> String {
    let style = if finding.severity() == Severity::Error { BAD } else { CAREFUL };
    let text = finding.to_string();
    match text.split_once(':') {
        Some((severity, rest)) => format!("{style}{severity}{style:#}:{}", visible::line(rest)),
        None => visible::line(&text).into_owned(),
    }
}

pub(super) async fn plan(connection: &Connection, arguments: &PlanTopology, output: &mut Output) -> Outcome {
    let plan = planned(connection, arguments).await?;
    if output.is_json() {
        output.json(&plan)?;
    } else {
        show(&plan, output)?;
    }
    Ok(if plan.is_empty() { Ending::Done } else { Ending::Findings })
}

pub(super) async fn apply(
    connection: &Connection,
    arguments: &ApplyTopology,
    output: &mut Output,
) -> Outcome {
    let mut plan = planned(connection, &arguments.plan).await?;
    if !output.is_json() {
        show(&plan, output)?;
    }
    let losses = plan.losses();
    let provision = if arguments.create_only { Provision::CreateIfMissing } else { Provision::Update };
    let is_possible = !plan.steps.iter().any(|step| matches!(step.change, Change::Refuse { .. }));
    if is_possible && provision == Provision::Update && !losses.is_empty() {
        let lost = losses.join("; ");
        if !arguments.allow_losses {
            let message = format!("the plan would lose messages: {lost}");
            return Err(confirm::refused(message, "change the file, or allow it by `--allow-losses`"));
        }
        confirm::ask(&format!("lose messages: {lost}"), arguments.agreement.yes).await?;
        plan = plan.allow_losses();
    }
    connection.will_change();
    let applied = plan.apply(connection.admin()?.as_ref(), provision).await.map_err(|error| {
        if arguments.create_only && error.kind() == ErrorKind::AlreadyExists {
            error.with_remedy("declare what exists, or leave out `--create-only`")
        } else {
            error
        }
    })?;
    output.tell(&applied, &visible::line(&applied.to_string()))?;
    Ok(Ending::Done)
}

async fn planned(connection: &Connection, arguments: &PlanTopology) -> pubsub::Result<Plan> {
    let mut topology = Topology::from_file(&arguments.file)?;
    if let Some(service) = &arguments.service {
        // What is wrong elsewhere in the file is wrong for this service, too.
        topology.must_be_sound()?;
        topology = topology.of_service(service);
    }
    topology.plan(connection.admin()?.as_ref()).await
}

/// A line for each step, and what the signs mean.
fn show(plan: &Plan, output: &mut Output) -> Result<(), crate::failure::Failure> {
    for step in &plan.steps {
        let style = match &step.change {
            Change::None => FAINT,
            Change::Create => GOOD,
            Change::Update { losses, .. } if losses.is_empty() => CAREFUL,
            _ => BAD,
        };
        output.line(&styled(style, &step.to_string()))?;
    }
    for target in &plan.undeclared {
        output.line(&styled(FAINT, &format!("? {target} is not declared")))?;
    }
    if plan.is_empty() { output.line("everything is as declared") } else { Ok(()) }
}

fn styled(style: Style, text: &str) -> String {
    format!("{style}{}{style:#}", visible::line(text))
}
