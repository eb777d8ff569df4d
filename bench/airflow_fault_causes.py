"""Which of our causes say the same as the one that is known of a fault from outside."""

CAUSES: dict[str, frozenset[str]] = {
    "exit_code": frozenset({"command_failed"}),
    "command_failed": frozenset({"command_failed", "not_found"}),
    "import_error": frozenset({"dag_import_error"}),
    "dag_stale": frozenset({"dag_stale"}),
    "process_killed": frozenset({"killed"}),
    "out_of_memory": frozenset({"out_of_memory"}),
    "lost_worker": frozenset({"worker_lost"}),
    "stuck_in_queued": frozenset({"never_taken"}),
    "sensor_timeout": frozenset({"sensor_timeout"}),
    "task_timeout": frozenset({"task_timeout"}),
    "run_timeout": frozenset({"run_timeout"}),
    "connection_refused": frozenset({"service_unreachable"}),
    "http_forbidden": frozenset({"permission_denied"}),
    "http_server_error": frozenset({"service_error"}),
    "http_unauthorized": frozenset({"authentication_failed"}),
    "permission_denied": frozenset({"permission_denied"}),
    "disk_full": frozenset({"out_of_disk"}),
    "missing_variable": frozenset({"missing_configuration"}),
    "missing_connection": frozenset({"missing_configuration"}),
    "template_error": frozenset({"template_error"}),
    "external_job_failed": frozenset({"external_job_failed"}),
    "child_run_failed": frozenset({"external_job_failed"}),
    "marked_failed": frozenset({"marked_failed"}),
    **{
        cause: frozenset({cause})
        for cause in (
            "pool_full",
            "pool_missing",
            "run_limit",
            "dag_paused",
            "depends_on_past",
            "sensor_waiting",
            "deferred",
            "human_approval",
            "task_limit",
        )
    },
    "retry_wait": frozenset({"retry_wait", "service_unreachable"}),
}

_OWN_CHECK = frozenset({"failed_check", "code_error"})
_REFUSED_DATA = frozenset({"bad_data", "explicit_failure"})
EXCEPTIONS: dict[str, frozenset[str]] = {
    "orders_daily": frozenset({"bad_data", "code_error"}),
    "fx_rates": _REFUSED_DATA,
    "pricing_branch": _OWN_CHECK,
    "ledger_close": _OWN_CHECK,
    "partitions_check": frozenset({"bad_data", "failed_check"}),
    "regions_refresh": frozenset({"code_error"}),
    "crm_pull": _REFUSED_DATA,
    "plant_calibration": frozenset({"bad_data", "code_error"}),
    "nightly_cleanup": frozenset({"not_found"}),
    "basket_merge": frozenset({"missing_upstream_result"}),
    "campaign_send": frozenset({"invalid_parameter", "code_error"}),
    "loyalty_points": frozenset({"invalid_parameter", "failed_check"}),
    "tax_lines": _OWN_CHECK,
    "shard_merge": frozenset({"bad_data"}),
    "orders_report": _REFUSED_DATA,
    "secrets_rotate": frozenset({"conflict", "explicit_failure"}),
    "support_tickets": frozenset({"not_found", "explicit_failure"}),
    "legacy_mirror": frozenset({"explicit_failure"}),
    "settlement": frozenset({"permission_denied"}),
    "customs_import": _OWN_CHECK,
}
"""By DAG, since an exception may mean anything: by what its code raises and why."""


def allowed(dag: str, cause: str) -> frozenset[str]:
    return EXCEPTIONS[dag] if cause == "python_exception" else CAUSES[cause]
