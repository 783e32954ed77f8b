"""Queries for definitions, by grammar of tree-sitter.

`@function`, `@type` and `@value` capture a definition, `@scope` a part of a file that only gives its name to
definitions in it, `@name` the name, and `@of` the type that a method belongs to although it is written elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping

_PYTHON = """
(function_definition name: (identifier) @name) @function
(class_definition name: (identifier) @name) @type
(module (expression_statement (assignment left: (identifier) @name) @value))
(class_definition body: (block (expression_statement (assignment left: (identifier) @name) @value)))
"""
_JAVASCRIPT_FUNCTIONS = """
(function_declaration name: (_) @name) @function
(generator_function_declaration name: (_) @name) @function
(method_definition name: (_) @name) @function
(variable_declarator name: (identifier) @name value: [(arrow_function) (function_expression)]) @function
(pair key: (property_identifier) @name value: [(arrow_function) (function_expression)]) @function
(assignment_expression left: (member_expression property: (property_identifier) @name)
  right: [(arrow_function) (function_expression)]) @function
(class_declaration name: (_) @name) @type
(program (lexical_declaration (variable_declarator name: (identifier) @name) @value))
(program (variable_declaration (variable_declarator name: (identifier) @name) @value))
(program (export_statement declaration: (lexical_declaration (variable_declarator name: (identifier) @name) @value)))
"""
_JAVASCRIPT = f"""{_JAVASCRIPT_FUNCTIONS}
(field_definition property: (_) @name) @value
"""
_TYPESCRIPT = f"""{_JAVASCRIPT_FUNCTIONS}
(function_signature name: (_) @name) @function
(method_signature name: (_) @name) @function
(abstract_method_signature name: (_) @name) @function
(abstract_class_declaration name: (_) @name) @type
(interface_declaration name: (_) @name) @type
(type_alias_declaration name: (_) @name) @type
(enum_declaration name: (_) @name) @type
(internal_module name: (_) @name) @scope
(module name: (_) @name) @scope
(public_field_definition name: (_) @name) @value
"""
_GO = """
(function_declaration name: (_) @name) @function
(method_declaration receiver: (parameter_list (parameter_declaration type: [
    (type_identifier) @of
    (generic_type type: (type_identifier) @of)
    (pointer_type (type_identifier) @of)
    (pointer_type (generic_type type: (type_identifier) @of))
  ])) name: (_) @name) @function
(method_elem name: (_) @name) @function
(type_spec name: (_) @name) @type
(type_alias name: (_) @name) @type
(source_file (const_declaration (const_spec name: (identifier) @name) @value))
(source_file (var_declaration (var_spec name: (identifier) @name) @value))
(source_file (var_declaration (var_spec_list (var_spec name: (identifier) @name) @value)))
"""
_JAVA = """
(method_declaration name: (_) @name) @function
(constructor_declaration name: (_) @name) @function
(compact_constructor_declaration name: (_) @name) @function
(class_declaration name: (_) @name) @type
(interface_declaration name: (_) @name) @type
(enum_declaration name: (_) @name) @type
(record_declaration name: (_) @name) @type
(annotation_type_declaration name: (_) @name) @type
(field_declaration declarator: (variable_declarator name: (identifier) @name)) @value
(enum_constant name: (_) @name) @value
"""
_RUST = """
(function_item name: (_) @name) @function
(function_signature_item name: (_) @name) @function
(macro_definition name: (_) @name) @function
(struct_item name: (_) @name) @type
(enum_item name: (_) @name) @type
(union_item name: (_) @name) @type
(trait_item name: (_) @name) @type
(type_item name: (_) @name) @type
(mod_item name: (_) @name body: (_)) @scope
(impl_item type: [
    (type_identifier) @name
    (generic_type type: (type_identifier) @name)
    (scoped_type_identifier name: (type_identifier) @name)
  ]) @scope
(const_item name: (_) @name) @value
(static_item name: (_) @name) @value
"""
_C_FUNCTIONS = """
(function_definition declarator: (function_declarator declarator: (_) @name)) @function
(function_definition declarator: (pointer_declarator declarator: (function_declarator declarator: (_) @name))) @function
(function_definition declarator: (pointer_declarator
  declarator: (pointer_declarator declarator: (function_declarator declarator: (_) @name)))) @function
(preproc_function_def name: (_) @name) @function
(struct_specifier name: (_) @name body: (_)) @type
(union_specifier name: (_) @name body: (_)) @type
(enum_specifier name: (_) @name body: (_)) @type
(type_definition declarator: (type_identifier) @name) @type
(preproc_def name: (_) @name) @value
(translation_unit (declaration declarator: (init_declarator declarator: (identifier) @name)) @value)
"""
_CPP = f"""{_C_FUNCTIONS}
(function_definition declarator: (reference_declarator (function_declarator declarator: (_) @name))) @function
(class_specifier name: (_) @name body: (_)) @type
(alias_declaration name: (_) @name) @type
(namespace_definition name: (_) @name) @scope
"""
_C_SHARP = """
(method_declaration name: (_) @name) @function
(constructor_declaration name: (_) @name) @function
(local_function_statement name: (_) @name) @function
(delegate_declaration name: (_) @name) @type
(class_declaration name: (_) @name) @type
(struct_declaration name: (_) @name) @type
(interface_declaration name: (_) @name) @type
(enum_declaration name: (_) @name) @type
(record_declaration name: (_) @name) @type
(namespace_declaration name: (_) @name) @scope
(property_declaration name: (_) @name) @value
(field_declaration (variable_declaration (variable_declarator name: (_) @name))) @value
"""
_RUBY = """
(method name: (_) @name) @function
(singleton_method name: (_) @name) @function
(class name: (_) @name) @type
(module name: (_) @name) @type
(assignment left: (constant) @name) @value
"""
_PHP = """
(function_definition name: (_) @name) @function
(method_declaration name: (_) @name) @function
(class_declaration name: (_) @name) @type
(interface_declaration name: (_) @name) @type
(trait_declaration name: (_) @name) @type
(enum_declaration name: (_) @name) @type
(const_element (name) @name) @value
(property_element name: (variable_name (name) @name)) @value
"""

QUERIES: Mapping[str, str] = {
    "python": _PYTHON,
    "javascript": _JAVASCRIPT,
    "typescript": _TYPESCRIPT,
    "go": _GO,
    "java": _JAVA,
    "rust": _RUST,
    "c": _C_FUNCTIONS,
    "cpp": _CPP,
    "c_sharp": _C_SHARP,
    "ruby": _RUBY,
    "php": _PHP,
}
