//! `kafka-acls.sh`: who may do what, added, listed and removed (`AclCommand`).

use clients::KafkaError;
use clients::admin::call::{AdminCall, AdminReply};
use cluster::metadata::security::{
    ACL_OPERATIONS, ACL_PATTERNS, ACL_PERMISSIONS, ACL_RESOURCES, ANY, AclFilter, acl_name,
};
use protocol::metadata::AccessControlEntryRecord;

use super::jopt::{Argument, Opt, Options, exception, flag, or, text};
use super::straight::{Halt, Run, ToolSpec, unexpected};
use super::usage::{forbid, help_or_version};

pub const SPEC: ToolSpec = ToolSpec { name: "kafka-acls.sh", table: TABLE, run, thrown };

const PATTERNS: &str = "ANY|MATCH|LITERAL|PREFIXED";

const TABLE: &[Opt] = &[
    text("bootstrap-server", "server to connect to", "The brokers to connect to first."),
    text("bootstrap-controller", "controller to connect to", "The controllers to connect to first."),
    optional("command-config", "command-config", "A file with properties for the admin client."),
    text("topic", "topic", "A topic; * is all of them."),
    flag("cluster", "The cluster itself."),
    text("group", "group", "A consumer group; * is all of them."),
    text("transactional-id", "transactional-id", "A transactional id; * is all of them."),
    flag("idempotent", "With --producer: idempotence for one without a transactional id."),
    text("delegation-token", "delegation-token", "A delegation token; * is all of them."),
    or(text("resource-pattern-type", PATTERNS, "How the names of resources are meant."), "LITERAL"),
    flag("add", "Add entries."),
    flag("remove", "Remove entries."),
    flag("list", "List entries."),
    or(text("operation", "String", "What is allowed or denied, such as Read."), "All"),
    text("allow-principal", "allow-principal", "Who is allowed, as User:name."),
    text("deny-principal", "deny-principal", "Who is denied, as User:name."),
    optional("principal", "principal", "With --list: only entries of this principal."),
    text("allow-host", "allow-host", "From where --allow-principal is allowed; * if it is not given."),
    text("deny-host", "deny-host", "From where --deny-principal is denied; * if it is not given."),
    flag("producer", "What a producer needs: write, describe and create on the topic."),
    flag("consumer", "What a consumer needs: read and describe on the topic, read on the group."),
    flag("force", "Do not ask."),
    text("user-principal", "user-principal", "A user as a resource."),
];

const fn optional(name: &'static str, what: &'static str, help: &'static str) -> Opt {
    Opt { name, argument: Argument::Optional("String", what), default: None, help }
}

const TOPIC: i8 = 2;
const GROUP: i8 = 3;
const CLUSTER: i8 = 4;
const TRANSACTIONAL_ID: i8 = 5;
const LITERAL: i8 = 3;
const DENY: i8 = 2;
const ALLOW: i8 = 3;

/// A resource by kind, name and pattern.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Resource {
    kind: i8,
    name: String,
    pattern: i8,
}

impl std::fmt::Display for Resource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (kind, pattern) = (acl_name(&ACL_RESOURCES, self.kind), acl_name(&ACL_PATTERNS, self.pattern));
        write!(f, "(resourceType={kind}, name={}, patternType={pattern})", self.name)
    }
}

/// A resource and what is said of it.
type Entries = Vec<(Resource, Vec<AccessControlEntryRecord>)>;

fn run(tool: &mut Run<'_, '_, '_>) -> Result<(), Halt> {
    let arguments = tool.arguments();
    let options = Options::parse(TABLE, &arguments).map_err(usage_of)?;
    help_or_version(&options, &arguments, "This tool helps to manage acls on kafka.")?;
    check(&options)?;
    let pattern = pattern(&options)?;
    let properties = tool.client_properties(&options)?;
    tool.connect(&properties)?;
    if options.has("add") {
        add(&options, pattern, tool)
    } else if options.has("remove") {
        remove(&options, pattern, tool)
    } else {
        list(&options, pattern, tool)
    }
}

/// What jopt-simple refuses comes with the help.
fn usage_of(error: KafkaError) -> Halt {
    Halt::Usage(error.message().to_string())
}

fn refuse<T>(words: impl Into<String>) -> Result<T, Halt> {
    Err(Halt::Usage(words.into()))
}

fn check(options: &Options) -> Result<(), Halt> {
    let has = |name: &str| options.has(name);
    match (has("bootstrap-server"), has("bootstrap-controller")) {
        (true, true) => return refuse("Only one of --bootstrap-server or --bootstrap-controller must be specified"),
        (false, false) => return refuse("One of --bootstrap-server or --bootstrap-controller must be specified"),
        _ => {}
    }
    if ["add", "remove", "list"].iter().filter(|action| has(action)).count() != 1 {
        return refuse("Command must include exactly one action: --list, --add, --remove. ");
    }
    let hosts_and_principals = ["allow-host", "allow-principal", "deny-host", "deny-principal"];
    forbid(options, "list", &[&["producer", "consumer"], &hosts_and_principals[..]].concat())?;
    for role in ["producer", "consumer"] {
        forbid(options, role, &["operation", "deny-principal", "deny-host"])?;
    }
    if has("principal") && !has("list") {
        return refuse("The --principal option is only available if --list is set");
    }
    if has("producer") && !has("topic") {
        return refuse("With --producer you must specify a --topic");
    }
    if has("idempotent") && !has("producer") {
        return refuse("The --idempotent option is only available if --producer is set");
    }
    let others = !has("producer") && (has("cluster") || has("transactional-id"));
    if has("consumer") && (!has("topic") || !has("group") || others) {
        return refuse(
            "With --consumer you must specify a --topic and a --group and no --cluster or --transactional-id option should \
             be specified.",
        );
    }
    Ok(())
}

fn pattern(options: &Options) -> Result<i8, Halt> {
    let text = options.value("resource-pattern-type")?.unwrap_or("LITERAL");
    match ACL_PATTERNS.iter().position(|name| *name != "UNKNOWN" && name.eq_ignore_ascii_case(text)) {
        Some(number) => Ok(number as i8),
        None => {
            let why = format!("Cannot parse argument '{text}' of option resource-pattern-type");
            let cause = exception("ValueConversionException", format!("Value [{text}] is not one of [{PATTERNS}]"));
            Err(Halt::Thrown(exception("OptionArgumentConversionException", why).caused_by(cause)))
        }
    }
}

fn resources(options: &Options, pattern: i8, needed: bool) -> Result<Vec<Resource>, Halt> {
    let kinds = [("topic", TOPIC), ("group", GROUP), ("transactional-id", TRANSACTIONAL_ID), ("delegation-token", 6)];
    let mut found = Vec::new();
    for (option, kind) in kinds.into_iter().chain([("user-principal", 7)]) {
        for name in options.values(option) {
            found.push(Resource { kind, name: name.trim().to_string(), pattern });
        }
    }
    if pattern == LITERAL && (options.has("cluster") || options.has("idempotent")) {
        found.push(Resource { kind: CLUSTER, name: "kafka-cluster".to_string(), pattern });
    }
    base::ordered::sort(&mut found);
    found.dedup();
    if found.is_empty() && needed {
        return refuse(
            "You must provide at least one resource: --topic <topic> or --cluster or --group <group> or --delegation-token \
             <Delegation Token ID>",
        );
    }
    Ok(found)
}

/// What the options say of each resource.
fn entries(options: &Options, pattern: i8) -> Result<Entries, Halt> {
    let named = |names: &[&str]| -> Vec<i8> { names.iter().map(|name| operation(name)).collect() };
    let resources = resources(options, pattern, true)?;
    let mut found = Entries::new();
    let (producer, consumer) = (options.has("producer"), options.has("consumer"));
    for resource in resources {
        let mut operations = Vec::new();
        if !producer && !consumer {
            let given = options.values("operation");
            operations = named(if given.is_empty() { &["All"] } else { &given });
        }
        if producer {
            operations.extend(match resource.kind {
                TOPIC => named(&["Write", "Describe", "Create"]),
                TRANSACTIONAL_ID => named(&["Write", "Describe"]),
                CLUSTER if options.has("idempotent") => named(&["IdempotentWrite"]),
                _ => Vec::new(),
            });
        }
        if consumer {
            operations.extend(match resource.kind {
                TOPIC => named(&["Read", "Describe"]),
                GROUP => named(&["Read"]),
                _ => Vec::new(),
            });
        }
        base::ordered::sort(&mut operations);
        operations.dedup();
        if operations.is_empty() {
            continue;
        }
        let acls = acls(options, &resource, &operations)?;
        check_operations(&resource, &acls)?;
        found.push((resource, acls));
    }
    Ok(found)
}

/// `DescribeConfigs` or `DESCRIBE_CONFIGS`; what is unknown has number 0.
fn operation(name: &str) -> i8 {
    let name = name.trim();
    let found = ACL_OPERATIONS.iter().position(|known| {
        let pascal = known.split('_').map(|word| format!("{}{}", &word[..1], word[1..].to_ascii_lowercase()));
        pascal.collect::<String>() == name || *known == name.to_ascii_uppercase()
    });
    found.unwrap_or(0) as i8
}

fn acls(options: &Options, resource: &Resource, operations: &[i8]) -> Result<Vec<AccessControlEntryRecord>, Halt> {
    let mut found = Vec::new();
    for (principals, hosts, permission_type) in
        [("allow-principal", "allow-host", ALLOW), ("deny-principal", "deny-host", DENY)]
    {
        let given = options.values(hosts);
        let hosts = if given.is_empty() { vec!["*"] } else { given };
        for principal in options.values(principals) {
            let principal = checked_principal(principal.trim())?;
            for (operation, host) in operations.iter().flat_map(|op| hosts.iter().map(move |host| (*op, host.trim()))) {
                found.push(AccessControlEntryRecord {
                    resource_type: resource.kind,
                    resource_name: resource.name.clone(),
                    pattern_type: resource.pattern,
                    principal: principal.to_string(),
                    host: host.to_string(),
                    operation,
                    permission_type,
                    ..Default::default()
                });
            }
        }
    }
    Ok(found)
}

/// `SecurityUtils.parseKafkaPrincipal`
fn checked_principal(principal: &str) -> Result<&str, Halt> {
    if principal.contains(':') {
        return Ok(principal);
    }
    let why = format!("expected a string in format principalType:principalName but got {principal}");
    Err(KafkaError::new(clients::error::ILLEGAL_ARGUMENT, why).into())
}

/// `AclEntry.supportedOperations`, by kind of resource.
fn supported(kind: i8) -> &'static [i8] {
    match kind {
        TOPIC => &[2, 3, 4, 5, 6, 7, 8, 10, 11],
        GROUP => &[2, 3, 6, 8, 10, 11],
        CLUSTER => &[2, 5, 7, 8, 9, 10, 11, 12],
        TRANSACTIONAL_ID => &[2, 4, 8, 15],
        6 => &[2, 8],
        _ => &[2, 13, 14],
    }
}

fn check_operations(resource: &Resource, acls: &[AccessControlEntryRecord]) -> Result<(), Halt> {
    let known = supported(resource.kind);
    if acls.iter().all(|acl| known.contains(&acl.operation)) {
        return Ok(());
    }
    let names: Vec<&str> = known.iter().map(|number| acl_name(&ACL_OPERATIONS, *number)).collect();
    let kind = acl_name(&ACL_RESOURCES, resource.kind);
    refuse(format!("ResourceType {kind} only supports operations [{}]", names.join(", ")))
}

/// `AccessControlEntry.toString`
fn describe(acl: &AccessControlEntryRecord) -> String {
    format!(
        "(principal={}, host={}, operation={}, permissionType={})",
        acl.principal,
        acl.host,
        acl_name(&ACL_OPERATIONS, acl.operation),
        acl_name(&ACL_PERMISSIONS, acl.permission_type)
    )
}

fn rows(acls: &[&AccessControlEntryRecord]) -> String {
    acls.iter().map(|acl| format!("\t{}", describe(acl))).collect::<Vec<_>>().join("\n")
}

/// All entries of a resource, or of any.
fn filter(resource: Option<&Resource>) -> AclFilter {
    AclFilter {
        resource_type: resource.map_or(ANY, |resource| resource.kind),
        resource_name: resource.map(|resource| resource.name.clone()),
        pattern_type: resource.map_or(ANY, |resource| resource.pattern),
        principal: None,
        host: None,
        operation: ANY,
        permission: ANY,
    }
}

fn known(filter: AclFilter, tool: &mut Run<'_, '_, '_>) -> Result<Vec<AccessControlEntryRecord>, Halt> {
    let AdminReply::Acls(acls) = tool.get(AdminCall::DescribeAcls { filter })? else { return Err(unexpected()) };
    Ok(acls)
}

fn add(options: &Options, pattern: i8, tool: &mut Run<'_, '_, '_>) -> Result<(), Halt> {
    if pattern < LITERAL {
        let name = acl_name(&ACL_PATTERNS, pattern);
        return refuse(format!("A '--resource-pattern-type' value of '{name}' is not valid when adding acls."));
    }
    let entries = entries(options, pattern)?;
    if entries.iter().any(|(_, acls)| acls.is_empty()) {
        return refuse("You must specify one of: --allow-principal, --deny-principal when trying to add ACLs.");
    }
    for (resource, acls) in entries {
        let existing = known(filter(Some(&resource)), tool)?;
        let (there, new): (Vec<_>, Vec<_>) = acls.iter().partition(|acl| existing.contains(acl));
        for acl in there {
            let entry = describe(acl);
            tool.println(format!("Acl (pattern=ResourcePattern{resource}, entry={entry}) already exists."));
        }
        if !new.is_empty() {
            tool.println(format!("Adding ACLs for resource `ResourcePattern{resource}`: \n {}\n", rows(&new)));
            let acls = new.into_iter().cloned().collect();
            tool.get(AdminCall::CreateAcls { acls })?;
        }
    }
    Ok(())
}

fn remove(options: &Options, pattern: i8, tool: &mut Run<'_, '_, '_>) -> Result<(), Halt> {
    for (resource, acls) in entries(options, pattern)? {
        let all: Vec<&AccessControlEntryRecord> = acls.iter().collect();
        let question = match acls.is_empty() {
            true => format!(
                "Are you sure you want to delete all ACLs for resource filter `ResourcePattern{resource}`? (y/n)"
            ),
            false => format!(
                "Are you sure you want to remove ACLs: \n {}\n from resource filter `ResourcePattern{resource}`? (y/n)",
                rows(&all)
            ),
        };
        if !options.has("force") {
            tool.println(question);
            if !tool.read_line()?.is_some_and(|answer| answer.eq_ignore_ascii_case("y")) {
                continue;
            }
        }
        let of_entry = |acl: &AccessControlEntryRecord| AclFilter {
            principal: Some(acl.principal.clone()),
            host: Some(acl.host.clone()),
            operation: acl.operation,
            permission: acl.permission_type,
            ..filter(Some(&resource))
        };
        let filters = match acls.is_empty() {
            true => vec![filter(Some(&resource))],
            false => acls.iter().map(of_entry).collect(),
        };
        tool.get(AdminCall::DeleteAcls { filters })?;
    }
    Ok(())
}

fn list(options: &Options, pattern: i8, tool: &mut Run<'_, '_, '_>) -> Result<(), Halt> {
    let resources = resources(options, pattern, false)?;
    let mut acls = Vec::new();
    if resources.is_empty() {
        acls = known(filter(None), tool)?;
    }
    for resource in &resources {
        acls.extend(known(filter(Some(resource)), tool)?);
    }
    base::ordered::sort_by(&mut acls, |a, b| order(a).cmp(&order(b)));
    acls.dedup();
    let principals = options.values("principal");
    if principals.is_empty() {
        print(&acls.iter().collect::<Vec<_>>(), tool);
    }
    for principal in principals {
        let principal = checked_principal(principal.trim())?;
        tool.println(format!("ACLs for principal `{principal}`"));
        print(&acls.iter().filter(|acl| acl.principal == principal).collect::<Vec<_>>(), tool);
    }
    Ok(())
}

fn order(acl: &AccessControlEntryRecord) -> (i8, &str, i8, &str, &str, i8, i8) {
    let (name, principal, host) = (acl.resource_name.as_str(), acl.principal.as_str(), acl.host.as_str());
    (acl.resource_type, name, acl.pattern_type, principal, host, acl.operation, acl.permission_type)
}

fn print(acls: &[&AccessControlEntryRecord], tool: &mut Run<'_, '_, '_>) {
    let resource = |acl: &AccessControlEntryRecord| Resource {
        kind: acl.resource_type,
        name: acl.resource_name.clone(),
        pattern: acl.pattern_type,
    };
    for of_one in acls.chunk_by(|a, b| resource(a) == resource(b)) {
        let rows = rows(of_one);
        tool.println(format!("Current ACLs for resource `ResourcePattern{}`:\n{rows}\n", resource(of_one[0])));
    }
}

fn thrown(error: KafkaError, tool: &mut Run<'_, '_, '_>) {
    tool.println(format!("Error while executing ACL command: {}", error.message()));
    tool.println(error.stack_trace());
}
